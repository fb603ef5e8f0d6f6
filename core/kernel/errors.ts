import { errorTable } from '../base/errors.js'

/** What can be wrong with a profile, a plugin or a phase. README.md says what to do about each. */
export const kernelErrors = errorTable({
  ERR_PROFILE_READ: 'operator',
  ERR_PROFILE_JSON: 'operator',
  ERR_PROFILE_SHAPE: 'operator',
  ERR_PROFILE_KEY: 'operator',
  ERR_PROFILE_CYCLE: 'operator',
  ERR_PROFILE_ENV: 'operator',
  ERR_PROFILE_ID: 'operator',
  ERR_PROFILE_SET: 'operator',
  ERR_PLUGIN_NOT_FOUND: 'operator',
  ERR_PLUGIN_IMPORT: 'operator',
  ERR_PLUGIN_SHAPE: 'operator',
  ERR_PLUGIN_API: 'operator',
  ERR_CONFIG_KEY: 'operator',
  ERR_CONFIG_VALUE: 'operator',
  ERR_CONFIG_SCHEMA: 'defect',
  ERR_LINK_MISSING: 'operator',
  ERR_LINK_DUPLICATE: 'operator',
  ERR_LINK_CYCLE: 'operator',
  ERR_LINK_NO_SUCH_NAME: 'operator',
  ERR_LINK_DUPLICATE_NAME: 'operator',
  ERR_PLUGIN_THREW: 'defect',
  ERR_PLUGIN_UNDECLARED: 'defect',
  ERR_PLUGIN_LATE_LOOKUP: 'defect',
  ERR_PLUGIN_PROVIDED_TWICE: 'defect',
  ERR_PLUGIN_BROKEN_PROMISE: 'defect',
  ERR_SCOPE_CLOSED: 'defect',
  ERR_SCOPE_DUPLICATE: 'defect',
  ERR_SCOPE_CONSTRUCT: 'defect',
  ERR_PHASE_TIMEOUT: 'operator',
  ERR_PHASE_STATE: 'defect',
  ERR_PHASE_STOPPED: 'operator',
  ERR_PHASE_STOP: 'defect',
})

export type KernelCode = (typeof kernelErrors.codes)[number]
