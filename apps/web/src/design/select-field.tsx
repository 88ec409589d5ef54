import { ChevronDown } from 'lucide-react'
import { useId } from 'react'

interface SelectFieldProps {
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly options: readonly (readonly [value: string, label: string])[]
  readonly disabled?: boolean
  readonly testId?: string
  readonly onChange: (value: string) => void
}

/** One of a few: the browser's own list, which every keyboard and phone knows. */
export function SelectField(props: SelectFieldProps) {
  const { label, hint, value, options, disabled, testId, onChange } = props
  const id = useId()
  return (
    <div className="flex items-center justify-between gap-4 py-2.5">
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium text-sm">
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="text-ink-soft text-sm">
            {hint}
          </p>
        )}
      </div>
      <div className="relative shrink-0">
        <select
          id={id}
          value={value}
          disabled={disabled}
          data-testid={testId}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
          className="h-10 w-36 appearance-none truncate rounded-xl border border-line-strong bg-surface pr-8 pl-3 text-base text-ink disabled:text-ink-faint sm:text-sm"
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
        <ChevronDown
          aria-hidden
          size={16}
          className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 text-ink-faint"
        />
      </div>
    </div>
  )
}
