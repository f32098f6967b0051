import { authError } from '../../errors.js'

interface Room {
  readonly released: Promise<void>
  readonly release: (refresh: Promise<void>) => void
  readonly timer: NodeJS.Timeout
}

const MAX_WAITING = 10_000

/** Where requests wait for the next refresh of a key set: not too many of them, and not for longer than they are told. */
export class WaitingRoom {
  #room: Room | undefined
  #waiting = 0

  /**
   * Waits for the next refresh that begins, whoever begins it, and shares its outcome.
   * @param seconds after which `begin` is called, when none has begun by then
   * @throws {AuthError} KEYS_UNAVAILABLE when it fails, and when too many wait
   */
  async wait(seconds: number, begin: () => void): Promise<void> {
    if (this.#waiting >= MAX_WAITING)
      throw authError('KEYS_UNAVAILABLE', { cause: new Error(`${MAX_WAITING} tokens wait for unknown keys`) })
    this.#room ??= openRoom(seconds, begin)
    this.#waiting += 1
    try {
      await this.#room.released
    } finally {
      this.#waiting -= 1
    }
  }

  /** Sends all who wait along with a refresh that has just begun. */
  release(refresh: Promise<void>): void {
    if (!this.#room) return
    clearTimeout(this.#room.timer)
    this.#room.release(refresh)
    this.#room = undefined
  }
}

function openRoom(seconds: number, begin: () => void): Room {
  let release: Room['release'] = () => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const timer = setTimeout(begin, seconds * 1000)
  timer.unref() // who waits here keeps no process alive
  return { released, release, timer }
}
