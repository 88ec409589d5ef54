import { type ComponentProps, useId } from 'react'
import { classNames } from './class-names.ts'

interface TextFieldProps extends ComponentProps<'input'> {
  readonly label: string
  readonly hint?: string
  /** What is wrong with it, in words; announced when it appears. */
  readonly error?: string | undefined
  /** Keeps a line for hint and error, so that nothing jumps when one comes; true unless told. */
  readonly withNote?: boolean
}

/** A labelled line of text with its hint or its error beneath. */
export function TextField({ label, hint, error, withNote = true, className, ...props }: TextFieldProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block font-medium text-sm">
        {label}
      </label>
      <input
        id={id}
        aria-invalid={error !== undefined || undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        className={classNames(
          'h-12 w-full rounded-xl border bg-surface px-4 text-base outline-offset-0 placeholder:text-ink-faint',
          error === undefined ? 'border-line-strong' : 'border-danger',
        )}
        {...props}
      />
      <p
        id={`${id}-note`}
        aria-live="polite"
        className={classNames(
          withNote ? 'mt-1.5 min-h-5 text-sm' : 'sr-only',
          error === undefined ? 'text-ink-faint' : 'text-danger-ink',
        )}
      >
        {note}
      </p>
    </div>
  )
}
