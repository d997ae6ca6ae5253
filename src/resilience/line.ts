/** A queue whose members can leave from anywhere; the links are in the members, since making nodes for them costs more than the queue. */
export interface Linked<Member> {
  ahead: Member | null;
  behind: Member | null;
  /** The line it stands in. */
  line: object | null;
}

export class Line<Member extends Linked<Member>> {
  first: Member | null = null;
  private last: Member | null = null;
  length = 0;

  add(member: Member): void {
    this.insert(member, this.last, null);
  }

  addFirst(member: Member): void {
    this.insert(member, null, this.first);
  }

  remove(member: Member): void {
    if (member.ahead) member.ahead.behind = member.behind;
    else this.first = member.behind;
    if (member.behind) member.behind.ahead = member.ahead;
    else this.last = member.ahead;
    member.ahead = member.behind = member.line = null;
    this.length--;
  }

  /** All members as they are now: whoever visits them may move them. */
  snapshot(): Member[] {
    const members: Member[] = [];
    for (let member = this.first; member; member = member.behind) members.push(member);
    return members;
  }

  private insert(member: Member, ahead: Member | null, behind: Member | null): void {
    member.ahead = ahead;
    member.behind = behind;
    member.line = this;
    if (ahead) ahead.behind = member;
    else this.first = member;
    if (behind) behind.ahead = member;
    else this.last = member;
    this.length++;
  }
}
