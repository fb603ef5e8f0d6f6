// The parts of prom-client that are used: its index loads collectors and a cluster's messages, and takes ten times as long.
declare module 'prom-client/lib/registry.js' {
  export { Registry as default } from 'prom-client'
}

declare module 'prom-client/lib/gauge.js' {
  export { Gauge as default } from 'prom-client'
}

declare module 'prom-client/lib/counter.js' {
  export { Counter as default } from 'prom-client'
}
