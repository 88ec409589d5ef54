/** One figure of a report. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it has to be; undefined: it is only told. */
  readonly limit?: { readonly most?: number; readonly least?: number } | undefined
}

/** A line of a plot. */
export interface Line {
  readonly name: string
  /** Seconds (or the plot's `xUnit`), value; NaN interrupts the line. */
  readonly points: readonly (readonly [at: number, value: number])[]
}

/** A plot over time. */
export interface Plot {
  readonly title: string
  readonly unit: string
  /** What the points' first number counts. Default `s`. */
  readonly xUnit?: string
  readonly lines: readonly Line[]
  /** Spans of time that are shaded, with what happened. */
  readonly spans?: readonly { readonly from: number; readonly to: number; readonly label: string }[]
}

/** What a scenario found. */
export interface Outcome {
  readonly figures: readonly Figure[]
  readonly plots: readonly Plot[]
}

/** What a scenario gets. */
export interface Stage {
  /** Says what happens now. */
  readonly progress: (text: string) => void
  /** Closes what a scenario opened, the newest first, when it ends or fails. */
  readonly onEnd: (close: () => unknown) => void
  /** 1 for the whole scenario, less for a short one: scales people and time where that makes sense. */
  readonly scale: number
}

/** A named run of bots against a server of its own. */
export interface Scenario {
  readonly name: string
  /** One line: what happens, and what has to hold. */
  readonly description: string
  readonly run: (stage: Stage) => Promise<Outcome>
}

/** Whether a figure is what it has to be. */
export const isMet = ({ value, limit }: Figure): boolean =>
  limit === undefined ||
  (!(value > (limit.most ?? Infinity)) && !(value < (limit.least ?? -Infinity)) && !Number.isNaN(value))
