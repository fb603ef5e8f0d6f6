const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use: choose another one, or stop the program that has it',
  EACCES: 'not permitted: ports below 1024 need privileges, choose a higher one',
  EPERM: 'not permitted: choose another port, or allow it',
  EADDRNOTAVAIL: 'this machine has no such address: listen on one of its own, or on 0.0.0.0 or [::]',
  EAFNOSUPPORT: 'this machine has no IPv6: listen on an IPv4 address',
}

/** What an operator can do about a socket that the system would not bind, by the system's code; undefined: nothing known. */
export function bindAdvice(system: string): string | undefined {
  return ADVICE[system]
}
