// What every source of metrics must keep to (core/contracts/metrics.ts), so that whoever shows them needs to trust none.
import { deepEqual, equal, match, notDeepEqual, ok } from 'node:assert/strict'
import { casesOn } from './case.js'
import type { Metric, MetricSource } from '../../core/contracts/metrics.js'
import type { ConformanceCase } from './case.js'

export interface MetricSourceUnderTest {
  readonly source: MetricSource
  /** Has something happen that is counted. */
  work(): void | Promise<void>
  close?(): Promise<void>
}

/** More combinations of labels than any metric has: a source beyond it lets somebody else make them. */
const MOST_VALUES = 500

export function metricSourceCases(
  open: () => MetricSourceUnderTest | Promise<MetricSourceUnderTest>,
): ConformanceCase[] {
  const test = casesOn(open)

  return [
    test('names each metric once, as Prometheus would and without a prefix', ({ source }) => {
      const names = source.metrics.map(metric => metric.name)
      deepEqual([...new Set(names)], names)
      for (const { name, kind, labels = [] } of source.metrics) {
        match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
        ok(!name.startsWith('shoal_'), `${name}: the prefix is put there by whoever shows it`)
        equal(name.endsWith('_total'), kind === 'counter', `${name}: counters end in _total, gauges do not`)
        for (const label of labels) match(label, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
        deepEqual([...new Set(labels)], labels, `${name}: each label once`)
      }
    }),

    test('says in one line what each metric is', ({ source }) => {
      for (const { help } of source.metrics) match(help, /^[ -~]{8,200}$/)
    }),

    test('tells finite values, one for each combination of labels, and few of them', async ({ source, work }) => {
      for (let round = 0; round < 2; round++) {
        for (const metric of source.metrics) {
          const values = valuesOf(metric)
          ok(values.size <= MOST_VALUES, `${metric.name}: ${values.size} values`)
          if (metric.kind === 'counter') for (const value of values.values()) ok(value >= 0, metric.name)
        }
        await work()
      }
    }),

    test('counts what happens', async ({ source, work }) => {
      const before = allOf(source)
      await work()
      notDeepEqual(allOf(source), before)
    }),

    test('lets no counter fall, and forgets none', async ({ source, work }) => {
      const counters = source.metrics.filter(metric => metric.kind === 'counter')
      const most = counters.map(valuesOf)
      for (let round = 0; round < 3; round++) {
        await work()
        for (const [i, counter] of counters.entries()) {
          const now = valuesOf(counter)
          for (const [labels, value] of most[i] ?? []) {
            ok((now.get(labels) ?? -1) >= value, `${counter.name} {${labels}} fell`)
          }
          most[i] = now
        }
      }
    }),

    test('counts nothing by being asked', ({ source }) => {
      // Asking takes time, which some count.
      const counted = ({ kind, name }: Metric): boolean => kind === 'counter' && !name.endsWith('_seconds_total')
      const counters = source.metrics.filter(counted)
      const first = counters.map(valuesOf)
      for (let again = 0; again < 3; again++) source.metrics.forEach(valuesOf)
      deepEqual(counters.map(valuesOf), first)
    }),

    test('is well, or says in one line what is wrong', ({ source }) => {
      const trouble = source.trouble?.() ?? null
      if (trouble !== null) match(trouble, /^[ -~]{8,500}$/)
    }),
  ]
}

/** Labels joined, with the value told for them. */
function valuesOf(metric: Metric): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  metric.read((value, ...labels) => {
    equal(labels.length, metric.labels?.length ?? 0, `${metric.name}: a value for each label`)
    for (const label of labels) match(label, /^[ -~]{1,100}$/, `${metric.name}: labels are short and printable`)
    const key = labels.join(' | ')
    ok(!values.has(key), `${metric.name}: told twice for {${key}}`)
    ok(Number.isFinite(value), `${metric.name}: ${value}`)
    values.set(key, value)
  })
  return values
}

function allOf(source: MetricSource): ReadonlyArray<readonly [string, ReadonlyMap<string, number>]> {
  return source.metrics.map(metric => [metric.name, valuesOf(metric)])
}
