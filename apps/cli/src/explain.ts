import { parseArgs } from 'node:util'
import { askOperator, reportFailure } from './operator-request.ts'

/** An answer of the server's policy. */
export interface ExplainedAction {
  readonly action: string
  readonly allowed: boolean
  readonly code: string
  readonly reason: string
}

const USAGE = `Usage: sangam explain IDENTITY [ACTION] [options]

Says what somebody may do, and why. Without ACTION: every action that can be asked of the place.

  --room ID           the room that it is asked of
  --conversation ID   the conversation that it is asked of
  --target IDENTITY   to whom it is done
  --role ROLE         with setRole: the role to give
  --grants JSON       grants to judge by; else those of the person's newest connection
  --json              print the answer as JSON`

/** `sangam explain IDENTITY [ACTION] …`: asks the server on this machine what its policy says. Sets the exit code: 2 for a wrong use, 1 for a failure. */
export async function explain(args: readonly string[]): Promise<void> {
  const question = readQuestion(args)
  if (question === undefined) {
    console.error(USAGE)
    process.exitCode = 2
    return
  }
  const { asJson, ...body } = question
  try {
    const answer = await askOperator('/explain', { body })
    const { explanations } = answer as { readonly explanations: readonly ExplainedAction[] }
    console.log(asJson ? JSON.stringify(explanations, undefined, 2) : formatExplanations(explanations))
  } catch (error) {
    reportFailure(error)
  }
}

/** The question of a command line; undefined when it can't be read. */
export function readQuestion(args: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        room: { type: 'string' },
        conversation: { type: 'string' },
        target: { type: 'string' },
        role: { type: 'string' },
        grants: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [identity, action, ...surplus] = positionals
    if (identity === undefined || surplus.length > 0) return undefined
    const { room, conversation, target, role, grants, json } = values
    return {
      asJson: json,
      identity,
      ...(action === undefined ? {} : { action }),
      ...(room === undefined ? {} : { roomId: room }),
      ...(conversation === undefined ? {} : { conversationId: conversation }),
      ...(target === undefined ? {} : { target }),
      ...(role === undefined ? {} : { role }),
      ...(grants === undefined ? {} : { grants: JSON.parse(grants) as unknown }),
    }
  } catch {
    return undefined
  }
}

/** A line per action: may or may not, the reason's code, and its sentence. */
export function formatExplanations(rows: readonly ExplainedAction[]): string {
  const actionWidth = Math.max(0, ...rows.map(({ action }) => action.length))
  const codeWidth = Math.max(0, ...rows.map(({ code }) => code.length))
  return rows
    .map(
      ({ action, allowed, code, reason }) =>
        `${action.padEnd(actionWidth)}  ${allowed ? 'yes' : 'no '}  ${code.padEnd(codeWidth)}  ${reason}`,
    )
    .join('\n')
}
