import { Switch } from 'radix-ui'
import { useId } from 'react'

interface SwitchFieldProps {
  readonly label: string
  readonly hint?: string
  readonly checked: boolean
  readonly disabled?: boolean
  readonly testId?: string
  readonly onChange: (checked: boolean) => void
}

/** Something that is on or off, and takes effect at once. */
export function SwitchField({ label, hint, checked, disabled, testId, onChange }: SwitchFieldProps) {
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
      <Switch.Root
        id={id}
        checked={checked}
        disabled={disabled === true}
        onCheckedChange={onChange}
        data-testid={testId}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className="relative h-7 w-12 shrink-0 rounded-full bg-line-strong transition-colors duration-150 disabled:opacity-55 data-[state=checked]:bg-accent"
      >
        <Switch.Thumb className="block size-5.5 translate-x-0.75 rounded-full bg-canvas transition-transform duration-150 data-[state=checked]:translate-x-5.75" />
      </Switch.Root>
    </div>
  )
}
