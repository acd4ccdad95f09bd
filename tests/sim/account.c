/* SPDX-License-Identifier: MIT */
#include "operation.h"

void op_get_account_balance(struct call *call)
{
	put_money(call->output, "AvailableBalance", call->books->available_cents);
	put_money(call->output, "OnHoldBalance", call->books->on_hold_cents);
}
