import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactNode
  readonly children: ReactNode
  readonly side?: 'top' | 'bottom'
}

/** A menu under (or over) a button. Not modal: Radix's scroll lock injects a style element, which the policy forbids. */
export function Menu({ trigger, children, side = 'bottom' }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          side={side}
          sideOffset={8}
          collisionPadding={8}
          className="z-50 min-w-56 animate-appear rounded-2xl border border-line bg-raised p-1.5 text-ink shadow-raised"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface MenuItemProps {
  readonly icon: ReactNode
  readonly children: ReactNode
  readonly danger?: boolean
  readonly testId?: string
  readonly onSelect: () => void
}

/** One thing to do in a menu. */
export function MenuItem({ icon, children, danger = false, testId, onSelect }: MenuItemProps) {
  return (
    <DropdownMenu.Item
      data-testid={testId}
      onSelect={onSelect}
      className={classNames(
        'flex min-h-10 cursor-pointer select-none items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm outline-none data-[highlighted]:bg-sunken',
        danger && 'text-danger-ink',
      )}
    >
      <span aria-hidden="true" className="shrink-0">
        {icon}
      </span>
      {children}
    </DropdownMenu.Item>
  )
}

/** Parts what belongs apart. */
export function MenuLine() {
  return <DropdownMenu.Separator className="mx-2.5 my-1.5 h-px bg-line" />
}
