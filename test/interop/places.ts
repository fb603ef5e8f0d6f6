// Where the programs of a test run: on loopback, or as hosts of a small network made of namespaces. That network hangs
// together by a bridge of its own, so nothing of this machine's is touched; making it takes root and iproute2.
import { execFileSync } from 'node:child_process'
import { freePort, onPath, Program, type Surroundings } from './programs.js'

export interface Place {
  readonly host: string
  /** A port that is free there. */
  port(): Promise<number>
  start(program: string, words: readonly string[], surroundings?: Surroundings): Program
}

export const loopback: Place = {
  host: '127.0.0.1',
  port: () => freePort(),
  start: (program, words, surroundings) => Program.start(program, words, surroundings),
}

class Host implements Place {
  private nextPort = 20_000

  constructor(
    readonly host: string,
    private readonly namespace: string,
  ) {}

  port(): Promise<number> {
    return Promise.resolve(this.nextPort++)
  }

  start(program: string, words: readonly string[], surroundings?: Surroundings): Program {
    return Program.start('ip', ['netns', 'exec', this.namespace, program, ...words], surroundings)
  }
}

export class Network {
  private constructor(
    private readonly namespaces: string[],
    readonly hosts: readonly Place[],
  ) {}

  static get possible(): boolean {
    return process.getuid?.() === 0 && onPath('ip') !== null
  }

  /** Null where this machine does not allow it. */
  static open(size: number): Network | null {
    if (!Network.possible) return null
    const name = `shoal-${process.pid}-${Date.now().toString(36)}`
    const hub = `${name}-hub`
    const made: string[] = []
    const hosts: Host[] = []
    const add = (namespace: string): void => {
      ip('netns', 'add', namespace)
      made.push(namespace)
      ip('-n', namespace, 'link', 'set', 'lo', 'up')
    }
    try {
      add(hub)
      ip('-n', hub, 'link', 'add', 'bridge', 'type', 'bridge')
      ip('-n', hub, 'link', 'set', 'bridge', 'up')
      for (let i = 1; i <= size; i++) {
        const namespace = `${name}-${i}`
        add(namespace)
        ip('-n', hub, 'link', 'add', `to-${i}`, 'type', 'veth', 'peer', 'name', 'lan', 'netns', namespace)
        ip('-n', hub, 'link', 'set', `to-${i}`, 'master', 'bridge', 'up')
        ip('-n', namespace, 'address', 'add', `10.77.0.${i}/24`, 'dev', 'lan')
        ip('-n', namespace, 'link', 'set', 'lan', 'up')
        hosts.push(new Host(`10.77.0.${i}`, namespace))
      }
    } catch {
      made.forEach(remove)
      return null
    }
    const network = new Network(made, hosts)
    process.once('exit', () => network.close())
    return network
  }

  close(): void {
    this.namespaces.splice(0).forEach(remove)
  }
}

function remove(namespace: string): void {
  ip('netns', 'delete', namespace)
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: 'pipe' })
}
