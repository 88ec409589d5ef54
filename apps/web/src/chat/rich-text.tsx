import { Fragment, memo, type ReactNode } from 'react'
import { type Block, type Inline, parseMarkdown } from './markdown.ts'

interface RichTextProps {
  readonly text: string
  readonly self: string
  readonly nameOf: (identity: string) => string
}

/** A message's text. What it yields are elements of this list and text: nothing in a message becomes markup. */
export const RichText = memo(function RichText({ text, self, nameOf }: RichTextProps) {
  return parseMarkdown(text).map((block, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of an immutable text
    <Fragment key={index}>{blockNode(block, { self, nameOf })}</Fragment>
  ))
})

type Names = Pick<RichTextProps, 'self' | 'nameOf'>

function blockNode(block: Block, names: Names): ReactNode {
  switch (block.type) {
    case 'text':
      return inlineNodes(block.inner, names)
    case 'quote':
      return (
        <blockquote className="my-0.5 border-line-strong border-l-2 pl-2.5 text-ink-soft">
          {inlineNodes(block.inner, names)}
        </blockquote>
      )
    case 'code':
      return (
        <pre className="my-1 overflow-x-auto rounded-lg bg-pressed px-3 py-2 font-mono text-[0.85em]">
          <code>{block.text}</code>
        </pre>
      )
  }
}

function inlineNodes(pieces: readonly Inline[], names: Names): ReactNode {
  return pieces.map((piece, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of an immutable text
    <Fragment key={index}>{inlineNode(piece, names)}</Fragment>
  ))
}

function inlineNode(piece: Inline, names: Names): ReactNode {
  switch (piece.type) {
    case 'text':
      return piece.text
    case 'code':
      return <code className="rounded bg-pressed px-1 py-0.5 font-mono text-[0.85em]">{piece.text}</code>
    case 'bold':
      return <strong className="font-semibold">{inlineNodes(piece.inner, names)}</strong>
    case 'italic':
      return <em>{inlineNodes(piece.inner, names)}</em>
    case 'struck':
      return <s>{inlineNodes(piece.inner, names)}</s>
    case 'link':
      return (
        <a
          href={piece.href}
          target="_blank"
          rel="noopener noreferrer nofollow"
          className="text-accent underline underline-offset-2"
        >
          {piece.text}
        </a>
      )
    case 'mention':
      return (
        <span
          data-testid="mention"
          className={
            piece.identity === names.self
              ? 'rounded bg-warn-soft px-1 font-medium'
              : 'font-medium text-accent'
          }
        >
          @{names.nameOf(piece.identity)}
        </span>
      )
  }
}
