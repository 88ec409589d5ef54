import type { ReactNode } from 'react'
import { Spinner } from './spinner.tsx'

interface NoticeProps {
  readonly icon?: ReactNode
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}

/** What an empty or failed pane shows: one quiet sentence, and the way on. */
export function Notice({ icon, title, children, action }: NoticeProps) {
  return (
    <div className="grid h-full min-h-0 place-items-center overflow-y-auto p-8">
      <div className="flex max-w-sm flex-col items-center text-center">
        {icon !== undefined && (
          <span
            aria-hidden="true"
            className="mb-5 grid size-14 place-items-center rounded-2xl bg-sunken text-ink-soft"
          >
            {icon}
          </span>
        )}
        <h2 className="text-balance font-semibold text-lg">{title}</h2>
        {children !== undefined && <p className="mt-1.5 text-balance text-ink-soft">{children}</p>}
        {action !== undefined && <div className="mt-6 flex flex-wrap justify-center gap-2">{action}</div>}
      </div>
    </div>
  )
}

/** A pane whose content is on its way. The words come late, so that a quick load shows none. */
export function Loading({ label }: { readonly label: string }) {
  return (
    <div role="status" className="grid h-full place-items-center p-8 text-ink-faint">
      <span className="late flex items-center gap-3">
        <Spinner />
        {label}
      </span>
    </div>
  )
}
