// Injection, fenced: the only file that knows tsyringe. Values alone are registered, each class is built when it is asked
// for, and what has to be released is ours to release; so none of the container's own lifetimes is ever used, and nothing
// is written to its global root.
import type { DependencyContainer } from 'tsyringe'
import reflect = require('reflect-metadata')
import tsyringe = require('tsyringe')
import { Disposers, type Release } from '../base/dispose.js'
import { messageOf } from '../base/errors.js'
import type { AnyToken, Token } from '../base/token.js'
import { kernelErrors } from './errors.js'

// Only wanted for what it does to Reflect. Required, as is tsyringe: imported, Node looks through all of their text for
// names, which takes longer than running it.
void reflect
const { container, inject, injectable } = tsyringe

export { inject, injectable }

/** Where one thing of a node (a torrent) keeps its parts; closed last-in first-out. */
export interface Scope {
  provide<T>(token: Token<T, 'one' | 'many'>, value: T): void
  /** Builds an @injectable class; its parameters are @inject(Token.key), here or in the scope around this one. */
  construct<T>(cls: new (...args: never[]) => T): T
  onClose(release: Release): void
  close(): Promise<void>
}

export class NodeScope implements Scope {
  private readonly values = new Map<symbol, unknown>()
  private readonly children = new Set<NodeScope>()
  private readonly releases = new Disposers()
  private closing: Promise<void> | undefined

  /** Made when something is registered or built: most scopes only release what they hold. */
  private own: DependencyContainer | undefined

  constructor(
    readonly label: string,
    private readonly parent?: NodeScope,
  ) {}

  /** A value under its token's key: the one, the array of the many, or the registry of the named. */
  register(token: AnyToken, value: unknown): void {
    this.alive()
    if (this.values.has(token.key)) {
      throw kernelErrors.make('ERR_SCOPE_DUPLICATE', `"${token.id}" is already provided in the scope ${this.label}`)
    }
    this.values.set(token.key, value)
    this.injector.register<unknown>(token.key, { useValue: value })
  }

  provide<T>(token: Token<T, 'one' | 'many'>, value: T): void {
    if (token.cardinality === 'one') return this.register(token, value)
    const list = this.values.get(token.key)
    if (Array.isArray(list)) list.push(value)
    else this.register(token, [value])
  }

  construct<T>(cls: new (...args: never[]) => T): T {
    this.alive()
    try {
      return this.injector.resolve<T>(cls as new (...args: unknown[]) => T)
    } catch (error) {
      const message = `${cls.name} cannot be built in the scope ${this.label}: ${messageOf(error)}`
      throw kernelErrors.make('ERR_SCOPE_CONSTRUCT', message, { cause: error })
    }
  }

  onClose(release: Release): void {
    this.alive()
    this.releases.add(release)
  }

  open(label: string): NodeScope {
    this.alive()
    const child = new NodeScope(`${this.label}/${label}`, this)
    this.children.add(child)
    return child
  }

  /** Idempotent. Scopes opened from this one go first, the newest of them before the others. */
  close(): Promise<void> {
    this.closing ??= this.release()
    return this.closing
  }

  private async release(): Promise<void> {
    this.parent?.children.delete(this)
    const all = new Disposers()
    all.add(() => this.releases.close())
    for (const child of this.children) all.add(() => child.close())
    try {
      await all.close()
    } finally {
      this.own?.clearInstances()
      this.values.clear()
    }
  }

  private get injector(): DependencyContainer {
    this.own ??= (this.parent?.injector ?? container).createChildContainer()
    return this.own
  }

  private alive(): void {
    if (this.closing !== undefined) throw kernelErrors.make('ERR_SCOPE_CLOSED', `the scope ${this.label} is closed`)
  }
}
