import type { ReactNode } from 'react'
import { Link, useRoute } from 'wouter'
import { classNames } from '../design/class-names.ts'

interface ListItemProps {
  readonly href: string
  readonly picture: ReactNode
  readonly title: string
  readonly detail?: ReactNode
  /** At the right edge: a time, a count. */
  readonly aside?: ReactNode
  readonly strong?: boolean
  /** A menu that stands over the row. */
  readonly menu?: ReactNode
  readonly data: Readonly<Record<`data-${string}`, string>>
}

/** One row of the list: a picture, a title and a line beneath; the row that is open is marked. */
export function ListItem(props: ListItemProps) {
  const { href, picture, title, detail, aside, strong = false, menu, data } = props
  const [current] = useRoute(href)
  return (
    <li className="group/row relative">
      <Link
        href={href}
        aria-current={current ? 'page' : undefined}
        className={classNames(
          'flex items-center gap-3 rounded-xl px-2.5 py-2 transition-colors duration-100 -outline-offset-2!',
          current ? 'bg-accent-soft' : 'hover:bg-sunken',
        )}
        {...data}
      >
        {picture}
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2">
            <span className={classNames('min-w-0 flex-1 truncate', strong ? 'font-semibold' : 'font-medium')}>
              {title}
            </span>
            {aside}
          </span>
          {detail !== undefined && (
            <span className={classNames('block truncate text-sm', strong ? 'text-ink' : 'text-ink-soft')}>
              {detail}
            </span>
          )}
        </span>
      </Link>
      {menu}
    </li>
  )
}

/** A section of the list with its quiet heading. */
export function ListSection(props: {
  readonly title: string
  readonly action?: ReactNode
  readonly empty?: string | undefined
  readonly children: readonly ReactNode[]
}) {
  return (
    <section className="mb-5" aria-label={props.title}>
      <div className="flex h-10 items-center justify-between pr-0.5 pl-2.5">
        <h2 className="font-medium text-ink-faint text-xs">{props.title}</h2>
        {props.action}
      </div>
      {props.children.length > 0 ? (
        <ul className="space-y-0.5">{props.children}</ul>
      ) : (
        <p className="px-2.5 pb-1 text-ink-faint text-sm">{props.empty}</p>
      )}
    </section>
  )
}
