/**
 * Parts of a time as `strftime` of the GNU C library writes them in the C locale, in the time zone of the process.
 *
 * The name of the zone (`%Z`) is the one that Node.js knows, which for zones outside Europe and America is often only the
 * distance from Greenwich.
 */

const DAYS: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];
const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY_MS = 86_400_000;

/** @param conversion the letter after `%` @returns what `strftime` makes of it; `%` and the letter where it knows none */
export function strftime(conversion: string, time: Date): string {
  switch (conversion) {
    case 'a':
      return DAYS[time.getDay()]!.slice(0, 3);
    case 'A':
      return DAYS[time.getDay()]!;
    case 'b':
    case 'h':
      return MONTHS[time.getMonth()]!.slice(0, 3);
    case 'B':
      return MONTHS[time.getMonth()]!;
    case 'p':
      return time.getHours() < 12 ? 'AM' : 'PM';
    case 'P':
      return time.getHours() < 12 ? 'am' : 'pm';
    case 'z':
      return zoneOffset(time);
    case 'Z':
      return zoneName(time);
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
    default:
      return together(conversion, time) ?? numbers(conversion, time) ?? `%${conversion}`;
  }
}

/** Conversions that stand for several. */
function together(conversion: string, time: Date): string | undefined {
  const all = (conversions: string, between: string): string =>
    [...conversions].map((each) => strftime(each, time)).join(between);
  switch (conversion) {
    case 'c':
      return `${all('abe', ' ')} ${all('TY', ' ')}`;
    case 'D':
    case 'x':
      return all('mdy', '/');
    case 'F':
      return all('Ymd', '-');
    case 'r':
      return `${all('IMS', ':')} ${strftime('p', time)}`;
    case 'R':
      return all('HM', ':');
    case 'T':
    case 'X':
      return all('HMS', ':');
    default:
      return undefined;
  }
}

function numbers(conversion: string, time: Date): string | undefined {
  const year = time.getFullYear();
  switch (conversion) {
    case 'C':
      return two(Math.floor(year / 100));
    case 'd':
      return two(time.getDate());
    case 'e':
      return spaced(time.getDate());
    case 'g':
      return two(isoWeek(time).year % 100);
    case 'G':
      return String(isoWeek(time).year);
    case 'H':
      return two(time.getHours());
    case 'I':
      return two(time.getHours() % 12 || 12);
    case 'j':
      return String(dayOfYear(time) + 1).padStart(3, '0');
    case 'k':
      return spaced(time.getHours());
    case 'l':
      return spaced(time.getHours() % 12 || 12);
    case 'm':
      return two(time.getMonth() + 1);
    case 'M':
      return two(time.getMinutes());
    case 's':
      return String(Math.floor(time.getTime() / 1000));
    case 'S':
      return two(time.getSeconds());
    case 'u':
      return String(time.getDay() || 7);
    case 'U':
      return two(Math.floor((dayOfYear(time) + 7 - time.getDay()) / 7));
    case 'V':
      return two(isoWeek(time).week);
    case 'w':
      return String(time.getDay());
    case 'W':
      return two(Math.floor((dayOfYear(time) + 7 - ((time.getDay() + 6) % 7)) / 7));
    case 'y':
      return two(year % 100);
    case 'Y':
      return String(year);
    default:
      return undefined;
  }
}

/** Such as `+0100`. */
export function zoneOffset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function zoneName(time: Date): string {
  if (time.getTimezoneOffset() === 0 && new Intl.DateTimeFormat().resolvedOptions().timeZone === 'UTC')
    return 'UTC';
  // Names such as CET are known to the one, and such as EST to the other.
  const names = ['en-GB', 'en-US'].map((locale) => {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(time);
    return parts.find(({ type }) => type === 'timeZoneName')!.value;
  });
  return names.find((name) => /^[A-Z]+$/.test(name)) ?? names[0]!;
}

/** From 0 on, by the calendar: a day may have 23 hours. */
function dayOfYear(time: Date): number {
  const day = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return (day - Date.UTC(time.getFullYear(), 0, 1)) / DAY_MS;
}

/** Week 1 is the one with the first Thursday; a week belongs to the year of its Thursday. */
function isoWeek(time: Date): { readonly year: number; readonly week: number } {
  const weekday = (time.getDay() + 6) % 7;
  const thursday = new Date(Date.UTC(time.getFullYear(), time.getMonth(), time.getDate() - weekday + 3));
  const year = thursday.getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) };
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function spaced(number: number): string {
  return String(number).padStart(2, ' ');
}
