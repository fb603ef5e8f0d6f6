import type { MetricSource } from '../../core/contracts/metrics.js'

/** What the whole process takes of the machine, its threads included; nodes in one process share it. */
export const processMetrics: MetricSource = {
  metrics: [
    {
      name: 'process_resident_memory_bytes',
      help: 'Memory of the process that is in RAM.',
      kind: 'gauge',
      read: tell => tell(process.memoryUsage.rss()),
    },
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time of all threads, for the process itself and for the system on its behalf.',
      kind: 'counter',
      read(tell) {
        const { user, system } = process.cpuUsage()
        tell((user + system) / 1e6)
      },
    },
  ],
}
