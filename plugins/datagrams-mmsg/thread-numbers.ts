/** Numbers of the threads of a node, from 1; a small one is given again once its thread is gone. */
export class ThreadNumbers {
  private readonly taken = new Set<number>()
  private begun = 0

  /** The name is no other thread's, not even of one that is gone. */
  take(): { readonly number: number; readonly name: string } {
    let number = 1
    while (this.taken.has(number)) number++
    this.taken.add(number)
    return { number, name: `thread ${++this.begun}` }
  }

  give(number: number): void {
    this.taken.delete(number)
  }
}
