import { Monitor, Moon, Sun } from 'lucide-react'
import { ToggleGroup } from 'radix-ui'
import { setTheme, type Theme, useTheme } from './theme.ts'

const CHOICES: readonly { readonly theme: Theme; readonly label: string; readonly icon: typeof Sun }[] = [
  { theme: 'system', label: 'As the device', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
]

/** Light, dark, or as the device says. */
export function ThemeSwitch() {
  const theme = useTheme()
  return (
    <ToggleGroup.Root
      type="single"
      aria-label="Theme"
      value={theme}
      onValueChange={(value) => {
        if (value !== '') setTheme(value as Theme)
      }}
      className="inline-flex gap-0.5 rounded-full bg-sunken p-0.5"
    >
      {CHOICES.map(({ theme: value, label, icon: Icon }) => (
        <ToggleGroup.Item
          key={value}
          value={value}
          aria-label={label}
          title={label}
          className="grid size-8 place-items-center rounded-full text-ink-faint hover:text-ink data-[state=on]:bg-raised data-[state=on]:text-ink data-[state=on]:shadow-sm"
        >
          <Icon size={16} aria-hidden />
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  )
}
