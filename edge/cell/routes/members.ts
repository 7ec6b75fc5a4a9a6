import * as api from '#contracts/operations/members';

import { route, router } from '../openapi.ts';
import { addMember } from '../services/members/add.ts';
import { changeMemberRole } from '../services/members/change-role.ts';
import { listMembers } from '../services/members/list.ts';
import { removeMember } from '../services/members/remove.ts';

export const members = router()
  .openapi(route(api.list), async (c) => c.json({ items: await listMembers({ ctx: c.var.ctx }) }, 200))
  .openapi(route(api.add), async (c) => c.json(await addMember({ ctx: c.var.ctx, input: c.req.valid('json') }), 201))
  .openapi(route(api.change), async (c) => {
    const input = { ...c.req.valid('param'), ...c.req.valid('json') };
    return c.json(await changeMemberRole({ ctx: c.var.ctx, input }), 200);
  })
  .openapi(route(api.remove), async (c) => {
    await removeMember({ ctx: c.var.ctx, input: c.req.valid('param') });
    return c.body(null, 204);
  });
