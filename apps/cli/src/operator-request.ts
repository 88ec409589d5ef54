import { operatorAccess } from '@sangam/server'

/**
 * Asks the server on this machine as its operator.
 * @param path below `/api/v1/operator`
 * @param body sent as JSON with POST; undefined: GET, unless `method` says otherwise
 * @throws Error with one sentence for the operator: no server answers, or what it answered
 */
export async function askOperator(
  path: string,
  { method, body }: { readonly method?: 'GET' | 'POST'; readonly body?: unknown } = {},
): Promise<unknown> {
  const { url, token } = await operatorAccess(process.env)
  const response = await fetch(`${url}/api/v1/operator${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new Error(`no server answers at ${url}`, { cause })
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new Error(messageIn(answer) ?? `the server answered with status ${response.status}`)
  return answer
}

/** Says why a command failed, and sets the exit code. */
export function reportFailure(error: unknown): void {
  console.error(`sangam: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function messageIn(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined
  const { error } = answer
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined
  return String(error.message)
}
