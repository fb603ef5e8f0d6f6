import net from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'
import type { Child } from '../child.js'

/** Whether it takes connections before it ends or the time is up. */
export async function listens(child: Child, port: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (child.running && performance.now() < end) {
    if (await answers(port)) return true
    await passed(50)
  }
  return false
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
