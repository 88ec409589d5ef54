import { Phone } from 'lucide-react'

/** A receiver laid down. */
export function HangUpIcon({ size }: { readonly size: number }) {
  return <Phone size={size} aria-hidden className="rotate-[135deg]" />
}
