import { X } from 'lucide-react'
import { Dialog as Primitive } from 'radix-ui'
import { type ReactNode, useRef } from 'react'
import { IconButton } from './icon-button.tsx'

interface DialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  readonly description?: string
  readonly children: ReactNode
}

/** The field that the dialog asks for, else the dialog itself: on a button, its tooltip would open and take the first Escape. */
function focusFirstField(event: Event): void {
  if (!(event.target instanceof HTMLElement)) return
  event.preventDefault()
  const field = event.target.querySelector('input') ?? event.target
  field.focus()
}

/** What the focus goes back to in the end: what has it now; of a menu that closes, the button that opened it. */
function openerOf(element: Element | null): HTMLElement | null {
  const menu = element?.closest('[role=menu]')?.getAttribute('aria-labelledby')
  const opener = menu == null ? element : document.getElementById(menu)
  return opener instanceof HTMLElement ? opener : null
}

/** A part of a long dialog, under a heading of its own. */
export function DialogSection({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="mt-5 border-line border-t pt-4">
      <h3 className="mb-1 font-semibold text-sm">{title}</h3>
      {children}
    </section>
  )
}

/**
 * A modal dialog; on a phone it rises from the bottom edge.
 * The shade is an element of our own: Radix's overlay injects a style element, which the policy forbids.
 */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  // Radix gives the focus back to a trigger of its own; these dialogs are opened by whatever sets `open`.
  const opener = useRef<HTMLElement>(null)
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <div aria-hidden="true" className="fixed inset-0 z-40 animate-appear bg-shade" />
        <Primitive.Content
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          onOpenAutoFocus={(event) => {
            opener.current = openerOf(document.activeElement)
            focusFirstField(event)
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            opener.current?.focus()
          }}
          className="safe-bottom fixed inset-x-0 bottom-0 z-50 max-h-[92dvh] animate-rise overflow-y-auto rounded-t-3xl bg-raised p-6 shadow-raised outline-none [--safe-gap:1.5rem] sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[26rem] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-3xl"
        >
          <div className="mb-4 flex items-start justify-between gap-4">
            <div>
              <Primitive.Title className="font-semibold text-lg">{title}</Primitive.Title>
              {description !== undefined && (
                <Primitive.Description className="mt-1 text-ink-soft text-sm">
                  {description}
                </Primitive.Description>
              )}
            </div>
            <Primitive.Close asChild>
              <IconButton label="Close" icon={<X size={18} />} className="-mt-2 -mr-2" />
            </Primitive.Close>
          </div>
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}
