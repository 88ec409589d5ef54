import type { ComponentProps } from 'react'
import { classNames } from './class-names.ts'
import { Spinner } from './spinner.tsx'

type Variant = 'primary' | 'secondary' | 'quiet' | 'danger' | 'quiet-danger'

const VARIANTS: Record<Variant, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  secondary: 'bg-surface text-ink border border-line hover:bg-sunken',
  quiet: 'text-ink-soft hover:bg-sunken hover:text-ink',
  danger: 'bg-danger text-on-danger hover:brightness-95',
  'quiet-danger': 'text-danger-ink hover:bg-danger-soft',
}

interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: Variant
  readonly size?: 'medium' | 'large'
  /** Shows a spinner and takes no further click. */
  readonly busy?: boolean
}

/** The one button of the app; `busy` keeps its width, so that nothing jumps. */
export function Button({ variant = 'secondary', size = 'medium', busy = false, ...rest }: ButtonProps) {
  const { className, children, disabled, ...props } = rest
  return (
    <button
      type="button"
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={classNames(
        'relative inline-flex select-none items-center justify-center gap-2 rounded-xl font-medium transition-colors duration-150',
        'disabled:cursor-not-allowed disabled:opacity-55',
        size === 'large' ? 'h-12 px-5 text-base' : 'h-10 px-4 text-sm',
        VARIANTS[variant],
        className,
      )}
      {...props}
    >
      <span className={classNames('inline-flex items-center gap-2', busy && 'invisible')}>{children}</span>
      {busy && (
        <span className="absolute inset-0 grid place-items-center">
          <Spinner />
        </span>
      )}
    </button>
  )
}
