import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

/** Whether a connection may go to an address. */
export type AddressCheck = (address: string) => boolean

/** Resolves names to allowed addresses alone: the address that was checked is the one that is connected to. */
export const checkedLookup =
  (isAllowed: AddressCheck): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === 'string' ? [] : found.filter(({ address }) => isAllowed(address))
      const [first] = addresses
      if (error !== null) callback(error, '', 0)
      else if (first === undefined) callback(new Error(`${hostname} has no address that is allowed`), '', 0)
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }

/** The address that a URL names itself, without a lookup; undefined where it names a host. */
export const literalAddress = ({ hostname }: URL): string | undefined => {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : host
}
