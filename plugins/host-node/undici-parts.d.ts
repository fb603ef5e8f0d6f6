// The two parts of undici that are used: the hundred files around them take 60 ms of CPU to load.
declare module 'undici/lib/dispatcher/client.js' {
  export { Client as default } from 'undici'
}

declare module 'undici/lib/api/api-request.js' {
  import type { Client, Dispatcher } from 'undici'
  export default function request(this: Client, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>
}
