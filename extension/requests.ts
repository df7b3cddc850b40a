import type * as vscode from 'vscode';
import type { CustomRequest, CustomRequests } from '../src/adapter/custom-requests.ts';

/**
 * Sends a request of the adapter's own list to a session.
 * @throws the adapter's message, when the adapter refuses
 */
export async function request<Name extends CustomRequest>(
  session: vscode.DebugSession,
  name: Name,
  args: CustomRequests[Name]['args'],
): Promise<CustomRequests[Name]['body']> {
  const body: CustomRequests[Name]['body'] = await session.customRequest(name, args);
  return body;
}
