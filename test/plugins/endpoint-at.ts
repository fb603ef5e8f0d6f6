import { parseEndpoint, type Endpoint } from '../../core/base/address.js'

/** The endpoint that a text as 127.0.0.1:80 means; throws where it means none. */
export function at(text: string): Endpoint {
  const endpoint = parseEndpoint(text)
  if (endpoint === null) throw new Error(text)
  return endpoint
}
