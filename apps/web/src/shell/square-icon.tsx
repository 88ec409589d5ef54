import type { ReactNode } from 'react'

/** The picture of what is not a person. */
export function SquareIcon({ icon }: { readonly icon: ReactNode }) {
  return (
    <span
      aria-hidden="true"
      className="grid size-10 shrink-0 place-items-center rounded-xl bg-sunken text-ink-soft"
    >
      {icon}
    </span>
  )
}
