import { errorTable } from '../base/errors.js'

/** What can be wrong with a command line. */
export const cliErrors = errorTable({
  ERR_USAGE: 'operator',
  ERR_USAGE_SOURCE: 'operator',
  ERR_USAGE_FILES: 'operator',
  ERR_SOURCE_FETCH: 'operator',
  ERR_SCRAPE_TIMEOUT: 'remote',
})
