import { expect, test } from 'vitest';
import { latencyText } from '../../src/rr/latency-text.ts';

test.each([
  [0.000_5, 'Latency: 500ns'],
  [0.000_999, 'Latency: 999ns'],
  [0.001, 'Latency: 1.000000µs'],
  [0.0125, 'Latency: 12.500000µs'],
  [1, 'Latency: 1.000000ms'],
  [1.234_567, 'Latency: 1.234567ms'],
  [999.999_999, 'Latency: 999.999999ms'],
  [1000, 'Latency: 1.000000000'],
  [2000.000_001, 'Latency: 2.000000001'],
])('A latency of %f ms reads as in mosquitto_rr 2.1', (ms, text) => {
  expect(latencyText(ms)).toBe(text);
});
