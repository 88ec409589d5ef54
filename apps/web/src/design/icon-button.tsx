import { Tooltip } from 'radix-ui'
import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'

type Tone = 'quiet' | 'stage' | 'stage-off' | 'danger' | 'accent'

const TONES: Record<Tone, string> = {
  quiet: 'size-10 text-ink-soft hover:bg-sunken hover:text-ink',
  stage: 'size-12 bg-sunken text-ink hover:bg-pressed',
  'stage-off': 'size-12 bg-ink text-canvas hover:bg-ink-soft',
  danger: 'h-12 w-16 bg-danger text-on-danger hover:brightness-110',
  accent: 'size-12 bg-accent text-on-accent hover:bg-accent-strong',
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  /** What it does, for everybody: the accessible name and the tooltip. */
  readonly label: string
  readonly tone?: Tone
  readonly icon: ReactNode
}

/** A button that shows an icon alone and says what it does. */
export function IconButton({ label, tone = 'quiet', icon, className, ...props }: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>
        <button
          type="button"
          aria-label={label}
          className={classNames(
            'relative inline-grid shrink-0 select-none place-items-center rounded-full transition-colors duration-150',
            'disabled:cursor-not-allowed disabled:opacity-45',
            TONES[tone],
            className,
          )}
          {...props}
        >
          {icon}
        </button>
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={8}
          collisionPadding={8}
          className="pointer-events-none z-[70] animate-appear rounded-lg bg-ink px-2.5 py-1 text-canvas text-xs"
        >
          {label}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
