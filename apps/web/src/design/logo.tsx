import { classNames } from './class-names.ts'

/** Two streams that meet. */
export function Logo({ className }: { readonly className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className={classNames('text-accent', className)}>
      <g fill="none" stroke="currentColor" strokeWidth="3" strokeLinecap="round">
        <path d="M3 7c8 0 8 9 16 9h10" />
        <path d="M3 25c8 0 8-9 16-9" opacity="0.6" />
      </g>
    </svg>
  )
}
