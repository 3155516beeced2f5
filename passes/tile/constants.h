// Tensor constants cut along an axis and put side by side, when compiling, and ops made for what comes of it.
#pragma once
#include "dlc/builder.h"

enum { DLC_CONSTANT_RANK = 8 };
// A tensor constant whose bytes can be cut: static, of at most DLC_CONSTANT_RANK dimensions, not of bits.
bool dlcIsTensorConstant(MlirValue v);
MlirType dlcWithSize(MlirType tensor, intptr_t axis, int64_t size); // the same with another size along the axis
// The constants side by side along an axis, of which the other sizes are equal. Null: the bytes of one are not there.
MlirValue dlcJoinConstants(DlcBuilder *b, intptr_t n, const MlirValue *constants, intptr_t axis);
// The part of a constant from `offset` on. Null: its bytes are not there.
MlirValue dlcSliceConstant(DlcBuilder *b, MlirValue constant, intptr_t axis, int64_t offset, int64_t size);
// A copy of op with these operands, and a result of another size along the axis; its value.
MlirValue dlcCloneResized(DlcBuilder *b, MlirOperation op, const MlirValue *operands, intptr_t axis, int64_t size);
