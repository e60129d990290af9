/**
 * How often each duration came, in buckets whose width grows with it: an HDR histogram of three significant digits. Up to
 * 2,047 µs each microsecond has a bucket of its own; above, every power of two is divided into 1,024. So a value read back
 * is at most 1/1024 above what was recorded, and recording is a shift and an addition.
 *
 * It knows no clock and no unit but the whole microsecond.
 */

/** Buckets of one microsecond. */
const FINE_BUCKETS = 2048;
/** Buckets of each power of two above them. */
const BUCKETS_PER_POWER = 1024;
/** 2^10 of the 11 bits that a value keeps. */
const KEPT_BITS = 11;
const MAXIMUM_US = 0xffff_ffff;
const BUCKETS = FINE_BUCKETS + (32 - KEPT_BITS) * BUCKETS_PER_POWER;

/** The recorded values of a histogram, as one thread hands them to another. */
export interface HistogramPart {
  /** A bucket and its count in turn, for those that are not empty. */
  readonly buckets: Float64Array;
  readonly minimumUs: number;
  readonly maximumUs: number;
  readonly sumUs: number;
}

/** One point of a percentile curve. */
export interface PercentilePoint {
  /** From 0 to 100. */
  readonly percentile: number;
  readonly valueUs: number;
}

export class LatencyHistogram {
  readonly #counts: Float64Array;
  #count: number;
  #minimumUs: number;
  #maximumUs: number;
  #sumUs: number;

  constructor() {
    this.#counts = new Float64Array(BUCKETS);
    this.#count = 0;
    this.#minimumUs = Number.POSITIVE_INFINITY;
    this.#maximumUs = 0;
    this.#sumUs = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Exact; 0 when there is none. */
  get minimumUs(): number {
    return this.#count === 0 ? 0 : this.#minimumUs;
  }

  /** Exact. */
  get maximumUs(): number {
    return this.#maximumUs;
  }

  /** Exact; 0 when there is none. */
  get meanUs(): number {
    return this.#count === 0 ? 0 : this.#sumUs / this.#count;
  }

  /** @param us below 0 counts as 0, above 71 minutes as that much; a fraction of a microsecond is cut off */
  record(us: number): void {
    const value = us < 0 ? 0 : us > MAXIMUM_US ? MAXIMUM_US : Math.floor(us);
    this.#counts[bucketOf(value)]! += 1;
    this.#count++;
    this.#sumUs += value;
    if (value < this.#minimumUs) this.#minimumUs = value;
    if (value > this.#maximumUs) this.#maximumUs = value;
  }

  /** The value that so many percent of all do not exceed, at most 1/1024 too high; 0 when there is none. */
  percentileUs(percentile: number): number {
    const wanted = Math.max(1, Math.ceil((Math.min(100, percentile) / 100) * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= wanted) return Math.max(this.#minimumUs, Math.min(highestOf(bucket), this.#maximumUs));
    }
    return 0;
  }

  /** Adds what another has recorded. */
  merge(other: LatencyHistogram): void {
    if (other.count === 0) return;
    this.#addPart(other.#part());
  }

  /** Adds what another thread has recorded. */
  add(part: HistogramPart): void {
    this.#addPart(part);
  }

  /** What has been recorded since the last call, and begins anew; null when that is nothing. */
  take(): HistogramPart | null {
    if (this.#count === 0) return null;
    const part = this.#part();
    const { buckets } = part;
    for (let i = 0; i < buckets.length; i += 2) this.#counts[buckets[i]!] = 0;
    this.#count = 0;
    this.#minimumUs = Number.POSITIVE_INFINITY;
    this.#maximumUs = 0;
    this.#sumUs = 0;
    return part;
  }

  /**
   * The percentiles of a plot whose axis is drawn by nines: of each half that is left of the way to 100 % as many, until
   * a step is less than one value. The last one is the maximum.
   */
  curve(pointsPerHalf = 5): readonly PercentilePoint[] {
    if (this.#count === 0) return [];
    const points: PercentilePoint[] = [];
    for (let left = 100; (left / 100) * this.#count >= 1; left /= 2) {
      for (let step = 0; step < pointsPerHalf; step++) {
        const percentile = 100 - left + (left / 2) * (step / pointsPerHalf);
        points.push({ percentile, valueUs: this.percentileUs(percentile) });
      }
    }
    points.push({ percentile: 100, valueUs: this.#maximumUs });
    return points;
  }

  #part(): HistogramPart {
    const pairs: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#counts[bucket]!;
      if (count > 0) pairs.push(bucket, count);
    }
    return {
      buckets: Float64Array.from(pairs),
      minimumUs: this.#minimumUs,
      maximumUs: this.#maximumUs,
      sumUs: this.#sumUs,
    };
  }

  #addPart({ buckets, minimumUs, maximumUs, sumUs }: HistogramPart): void {
    for (let i = 0; i < buckets.length; i += 2) {
      this.#counts[buckets[i]!]! += buckets[i + 1]!;
      this.#count += buckets[i + 1]!;
    }
    this.#sumUs += sumUs;
    if (minimumUs < this.#minimumUs) this.#minimumUs = minimumUs;
    if (maximumUs > this.#maximumUs) this.#maximumUs = maximumUs;
  }
}

function bucketOf(value: number): number {
  if (value < FINE_BUCKETS) return value;
  const shift = 32 - KEPT_BITS - Math.clz32(value);
  return FINE_BUCKETS + (shift - 1) * BUCKETS_PER_POWER + (value >>> shift) - BUCKETS_PER_POWER;
}

/** The highest value that falls into a bucket. */
function highestOf(bucket: number): number {
  if (bucket < FINE_BUCKETS) return bucket;
  const above = bucket - FINE_BUCKETS;
  const shift = Math.floor(above / BUCKETS_PER_POWER) + 1;
  const kept = (above % BUCKETS_PER_POWER) + BUCKETS_PER_POWER;
  return (kept + 1) * 2 ** shift - 1;
}
