// The text format of Prometheus read back, strictly: what a page holds besides samples must be a help or a type line
// before them, and a name may begin only once.

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function parseExposition(text: string): readonly Sample[] {
  const samples: Sample[] = []
  const begun = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const head = /^# (HELP|TYPE) ([a-z_0-9]+) (.+)$/.exec(line)
    if (head !== null) {
      const [, what = '', name = '', rest = ''] = head
      const before = begun.get(name) ?? ''
      if (before !== (what === 'HELP' ? '' : 'HELP')) throw new Error(`out of order: ${line}`)
      if (what === 'TYPE' && !/^(counter|gauge)$/.test(rest)) throw new Error(`no such type: ${line}`)
      begun.set(name, before + what)
      continue
    }
    const sample = sampleOf(line)
    if (begun.get(sample.name) !== 'HELPTYPE') throw new Error(`has not been introduced: ${line}`)
    samples.push(sample)
  }
  return samples
}

function sampleOf(line: string): Sample {
  const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^]*)\})? (\S+)$/.exec(line)
  if (parts === null) throw new Error(`no sample: ${line}`)
  const [, name = '', inner = '', value = ''] = parts
  const labels: Record<string, string> = {}
  let rest = inner
  while (rest !== '') {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/.exec(rest)
    if (pair === null) throw new Error(`no label: ${rest}`)
    const [whole, label = '', escaped = ''] = pair
    if (label in labels) throw new Error(`twice: ${label}`)
    labels[label] = escaped.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
    rest = rest.slice(whole.length)
  }
  if (!Number.isFinite(Number(value))) throw new Error(`no number: ${line}`)
  return { name, labels, value: Number(value) }
}
