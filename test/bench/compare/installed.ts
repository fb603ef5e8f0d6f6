// What of other people's programs is on this machine. Nothing is ever installed from here.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Command } from '../child.js'
import { onPath, peersFolder } from '../../interop/programs.js'

export function found(program: string): boolean {
  return onPath(program) !== null
}

/** The first thing like a version in what it says. */
export function versionOf(program: string, ...words: readonly string[]): string {
  if (!found(program)) return ''
  const { stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', timeout: 10_000 })
  return /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] ?? ''
}

export interface Python {
  readonly path: string
  readonly version: string
}

/** The first Python that has the module: the one on PATH, or the system's. */
export function pythonWith(module: string): Python | null {
  for (const python of [onPath('python3'), '/usr/bin/python3']) {
    if (python === null || !fs.existsSync(python)) continue
    const asked = `import ${module}; print(${module}.__version__)`
    const { status, stdout } = spawnSync(python, ['-c', asked], { encoding: 'utf8', timeout: 10_000 })
    if (status === 0) return { path: python, version: stdout.trim() }
  }
  return null
}

/** The folder whose node_modules has the package: that of $SHOAL_PEERS, or the working directory. */
export function npmFolder(name: string): string | null {
  const folders = [peersFolder, process.cwd()]
  return folders.find(folder => fs.existsSync(manifestOf(folder, name))) ?? null
}

export function npmVersion(folder: string | null, name: string): string {
  if (folder === null) return ''
  const manifest: unknown = JSON.parse(fs.readFileSync(manifestOf(folder, name), 'utf8'))
  const version = manifest !== null && typeof manifest === 'object' && 'version' in manifest ? manifest.version : ''
  return String(version)
}

function manifestOf(folder: string, name: string): string {
  return path.join(folder, 'node_modules', name, 'package.json')
}

/**
 * Loaded before the script. The packages' WebRTC addon wants a binary that only install scripts bring, and nothing here
 * speaks WebRTC: where the binary is missing, nothing takes its place.
 */
const WITHOUT_WEBRTC = `import module from 'node:module'
const load = module._load
module._load = (name, ...rest) => {
  try {
    return load(name, ...rest)
  } catch (error) {
    if (name.endsWith('/node_datachannel.node')) return {}
    throw error
  }
}`

/** A piece of JavaScript that may import the packages of the folder; `words` are its argv from index 1. */
export function npmScript(folder: string | null, source: string, ...words: readonly string[]): Command {
  if (folder === null) throw new Error('the package is missing')
  const first = `data:text/javascript,${encodeURIComponent(WITHOUT_WEBRTC)}`
  return { words: [process.execPath, '--import', first, '--input-type=module', '-e', source, ...words], cwd: folder }
}
