import { type DragEvent, type ReactNode, type Ref, useState } from 'react'
import { classNames } from '../design/class-names.ts'

interface DropZoneProps {
  readonly ref?: Ref<HTMLDivElement>
  readonly onFiles: (files: readonly File[]) => void
  readonly children: ReactNode
}

/** A place that takes files that are dragged onto it. */
export function DropZone({ ref, onFiles, children }: DropZoneProps) {
  const [isOver, setIsOver] = useState(false)
  const holdsFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')
  return (
    // Dragging is one more way in; the button beside the field is the one for everybody.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      ref={ref}
      className={classNames(
        'flex min-w-0 flex-1 flex-col',
        isOver && 'outline-2 outline-accent outline-dashed -outline-offset-4',
      )}
      onDragOver={(event) => {
        if (!holdsFiles(event)) return
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false)
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return
        event.preventDefault()
        setIsOver(false)
        onFiles([...event.dataTransfer.files])
      }}
    >
      {children}
    </div>
  )
}
