import { Program } from '../programs.js'

/** A client of npm's bittorrent-tracker, in a process of its own: takes orders by line, tells what it hears by line. */
export class AnnouncingClient {
  private readonly program: Program

  constructor(url: URL, infoHash: string, port: number, left: number) {
    this.program = Program.script(
      `
      import { createInterface } from 'node:readline'
      import { Client } from 'bittorrent-tracker'
      const [, announce, infoHash, port, left] = process.argv
      const peerId = Buffer.from('-XX0000-' + port.padEnd(12, 'x')).toString('hex')
      const progress = { left: +left, uploaded: 0, downloaded: 0 }
      const client = new Client({ infoHash, peerId, announce, port: +port, getAnnounceOpts: () => progress })
      for (const name of ['error', 'warning']) client.on(name, error => console.log(name, error.message))
      client.on('update', told => console.log('update', told.complete, told.incomplete, ''))
      client.on('scrape', told => console.log('scrape', told.complete, told.incomplete, told.downloaded, ''))
      client.on('peer', peer => console.log('peer', peer, ''))
      for await (const order of createInterface({ input: process.stdin })) {
        if (order === 'complete') progress.left = 0
        client[order]()
      }`,
      [url.href, infoHash, `${port}`, `${left}`],
    )
  }

  /** Gives an order and waits for what it is answered with. */
  async order(order: 'start' | 'complete' | 'scrape' | 'stop', answer: string): Promise<void> {
    this.program.output = ''
    this.program.write(`${order}\n`)
    await this.program.printed(answer)
  }

  printed(text: string): Promise<void> {
    return this.program.printed(text)
  }

  close(): Promise<void> {
    return this.program.stop()
  }
}
