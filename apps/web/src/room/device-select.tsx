import type { MediaDeviceEntry } from '@sangam/client'
import { ChevronDown } from 'lucide-react'
import { type ReactNode, useId } from 'react'

interface DeviceSelectProps {
  readonly label: string
  readonly icon: ReactNode
  readonly devices: readonly MediaDeviceEntry[]
  readonly deviceId: string | undefined
  readonly onChoose: (deviceId: string) => void
}

/** Chooses a microphone or a camera; the browser's own list, which is at home on a phone too. */
export function DeviceSelect({ label, icon, devices, deviceId, onChoose }: DeviceSelectProps) {
  const id = useId()
  const named = devices.filter((device) => device.deviceId !== '')
  return (
    <div className="relative">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <span
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-3.5 -translate-y-1/2 text-ink-faint"
      >
        {icon}
      </span>
      <select
        id={id}
        value={named.some((device) => device.deviceId === deviceId) ? deviceId : (named[0]?.deviceId ?? '')}
        disabled={named.length === 0}
        onChange={(event) => onChoose(event.target.value)}
        className="h-11 w-full appearance-none truncate rounded-xl border border-line bg-surface pr-9 pl-10 text-sm disabled:text-ink-faint"
      >
        {named.length === 0 && <option value="">{label}: as the browser chooses</option>}
        {named.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || `${label} ${index + 1}`}
          </option>
        ))}
      </select>
      <ChevronDown
        aria-hidden
        size={16}
        className="pointer-events-none absolute top-1/2 right-3.5 -translate-y-1/2 text-ink-faint"
      />
    </div>
  )
}
