/** Receivers of the engine's own log; each is called with a namespace such as `sangam:Router`. */
export interface LogEventListeners {
  ondebug?: ((namespace: string, log: string) => void) | undefined
  onwarn?: ((namespace: string, log: string) => void) | undefined
  onerror?: ((namespace: string, log: string, error?: Error) => void) | undefined
}

let current: LogEventListeners = {}

/** Sets who receives the engine's log, replacing all receivers. Without an argument nobody does. */
export function setLogEventListeners(listeners?: LogEventListeners): void {
  current = { ...listeners }
}

/** The log of one part of the engine. */
export class Logger {
  readonly #namespace: string

  constructor(part: string) {
    this.#namespace = `sangam:${part}`
  }

  debug(log: string): void {
    guard(() => current.ondebug?.(this.#namespace, log))
  }

  warn(log: string): void {
    guard(() => current.onwarn?.(this.#namespace, log))
  }

  error(log: string, error?: Error): void {
    guard(() => current.onerror?.(this.#namespace, log, error))
  }
}

/** A receiver that throws must not end what is being logged, and there is nowhere left to report it. */
function guard(call: () => void): void {
  try {
    call()
  } catch {}
}
