const WIDTH = 72
const HEIGHT = 18
/** A shorter history is drawn wider, down to this many steps. */
const FEWEST_POINTS = 8

/** Upload and download over the last seconds, on one scale; decoration, the figures stand beside it. */
export function Sparkline({
  up,
  down,
}: {
  readonly up: readonly number[]
  readonly down: readonly number[]
}) {
  const highest = Math.max(1, ...up, ...down)
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="hidden h-[18px] w-[72px] overflow-visible sm:block"
    >
      <path
        d={sparklinePath(down, highest)}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        opacity="0.5"
      />
      <path d={sparklinePath(up, highest)} fill="none" className="stroke-accent" strokeWidth="1.6" />
    </svg>
  )
}

/** An SVG path of the values, the newest at the right edge, the highest at the top. */
export function sparklinePath(values: readonly number[], highest: number): string {
  const points = Math.max(FEWEST_POINTS, values.length)
  const step = WIDTH / (points - 1)
  const first = points - values.length
  return values
    .map((value, index) => {
      const x = (first + index) * step
      const y = HEIGHT - 1 - (Math.max(0, value) / highest) * (HEIGHT - 2)
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
