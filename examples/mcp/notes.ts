// The tools: everybody's own notes, kept in this process.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import type { User } from 'custom-jwt-auth'
import { z } from 'zod'

/** The tools that need the scope notes:write. */
export const WRITING_TOOLS = ['add_note']

const MAX_NOTES = 100
const notes = new Map<string, string[]>()

/** Who calls: what the guard found, never an argument that the model makes up. */
const callerIn = ({ authInfo }: { authInfo?: AuthInfo }) => authInfo?.extra?.user as User

const answer = (text: string, isError = false) => ({ content: [{ type: 'text' as const, text }], isError })

export function createNotes(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.0.0' })

  server.registerTool('list_notes', { description: 'Lists your notes.' }, (extra) =>
    answer((notes.get(callerIn(extra).id) ?? []).join('\n') || 'no notes'),
  )

  server.registerTool(
    'add_note',
    { description: 'Keeps a note for you.', inputSchema: { text: z.string().min(1).max(1000) } },
    ({ text }, extra) => {
      const { id } = callerIn(extra)
      const own = notes.get(id) ?? []
      if (own.length >= MAX_NOTES) return answer(`${String(MAX_NOTES)} notes are enough`, true)
      notes.set(id, [...own, text])
      return answer(`kept: ${text}`)
    },
  )

  return server
}
