import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '../design/icon-button.tsx'

interface PanelFrameProps {
  readonly title: string
  readonly testId: string
  /** Buttons beside the title. */
  readonly actions?: ReactNode
  readonly onClose: () => void
  readonly children: ReactNode
}

/** What stands beside the tiles: over them on a small screen. */
export function PanelFrame({ title, testId, actions, onClose, children }: PanelFrameProps) {
  return (
    <aside
      aria-label={title}
      data-testid={testId}
      className="fixed inset-0 z-20 flex animate-appear flex-col border-line bg-surface sm:left-auto sm:w-90 sm:border-l sm:shadow-raised lg:static lg:z-auto lg:shadow-none"
    >
      <header className="safe-top flex items-center gap-1 px-5 [--safe-lead:0.75rem] pb-3">
        <h2 className="min-w-0 flex-1 truncate font-semibold">{title}</h2>
        {actions}
        <IconButton label="Close" icon={<X size={20} />} className="-mr-2" onClick={onClose} />
      </header>
      {children}
    </aside>
  )
}
