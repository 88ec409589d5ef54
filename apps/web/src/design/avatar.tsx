import type { PresenceStatus } from '@sangam/client'
import type { CSSProperties } from 'react'
import { classNames } from './class-names.ts'
import { hueOf, initialsOf } from './initials.ts'

const SIZES = {
  small: 'size-8 text-xs',
  medium: 'size-10 text-sm',
  large: 'size-24 text-3xl',
}

interface AvatarProps {
  readonly name: string
  /** Decides the tint, so that a person looks the same everywhere. */
  readonly identity: string
  readonly size?: keyof typeof SIZES
  readonly presence?: PresenceStatus
  readonly className?: string
}

/** A person's initials on a quiet tint. The name stands beside it, so it is hidden from screen readers. */
export function Avatar({ name, identity, size = 'medium', presence, className }: AvatarProps) {
  return (
    <span aria-hidden="true" className={classNames('relative inline-block shrink-0', className)}>
      <span
        data-initials={initialsOf(name)}
        style={{ '--hue': hueOf(identity) } as CSSProperties}
        className={classNames(
          // Drawn by the style sheet: the initials are a picture, not text to be read, found or copied.
          'tinted grid before:content-[attr(data-initials)] select-none place-items-center rounded-full font-medium tracking-wide',
          SIZES[size],
        )}
      />
      {presence !== undefined && <PresenceDot presence={presence} />}
    </span>
  )
}

function PresenceDot({ presence }: { readonly presence: PresenceStatus }) {
  return (
    <span
      className={classNames(
        'absolute -right-0.5 -bottom-0.5 size-3 rounded-full border-2 border-canvas',
        presence === 'online' && 'bg-ok',
        presence === 'away' && 'bg-warn',
        presence === 'inCall' && 'bg-accent',
        presence === 'offline' && 'bg-canvas ring-[1.5px] ring-line-strong ring-inset',
      )}
    />
  )
}
