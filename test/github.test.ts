/** What only runs on GitHub: workflows and issue forms are well formed, and promise what they should. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { validateWorkflow } from '@action-validator/core';
import { expect } from 'chai';
import { parse } from 'yaml';

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, '.github', path), 'utf8');
const namesIn = (folder: string): string[] => readdirSync(join(root, '.github', folder)).filter((name) => name !== 'config.yml');

interface Step { uses?: string; run?: string }
interface Job { uses?: string; needs?: string; permissions?: Record<string, string>; steps?: Step[] }
interface Workflow { on: Record<string, unknown>; permissions?: Record<string, string>; jobs: Record<string, Job> }

interface Field {
  type: string;
  id?: string;
  attributes: Record<string, unknown> & { options?: unknown[] };
  validations?: { required?: boolean };
}
interface Form { name: string; description: string; labels?: string[]; body: Field[] }

/** GitHub's syntax for issue forms: what a field has to have, and what it may have besides. */
const FIELDS: Readonly<Record<string, { must: string; may: string[] }>> = {
  markdown: { must: 'value', may: [] },
  input: { must: 'label', may: ['description', 'placeholder', 'value'] },
  textarea: { must: 'label', may: ['description', 'placeholder', 'value', 'render'] },
  dropdown: { must: 'label', may: ['description', 'multiple', 'options', 'default'] },
  checkboxes: { must: 'label', may: ['description', 'options'] },
};

describe('workflows', () => {
  const workflow = (name: string): Workflow => parse(read(`workflows/${name}`)) as Workflow;
  const steps = (name: string): Step[] => Object.values(workflow(name).jobs).flatMap((job) => job.steps ?? []);

  for (const name of namesIn('workflows')) {
    it(`${name} keeps to the schema`, () => {
      expect(validateWorkflow(read(`workflows/${name}`)).errors).to.deep.equal([]);
    });

    it(`${name} may read only, and takes actions of one commit`, () => {
      expect(workflow(name).permissions).to.deep.equal({ contents: 'read' });
      const used = [...steps(name), ...Object.values(workflow(name).jobs)].flatMap(({ uses }) => uses ?? []);
      for (const uses of used) {
        if (uses.startsWith('./')) expect(existsSync(join(root, uses)), uses).to.equal(true);
        else expect(uses).to.match(/^actions\/[a-z-]+@[0-9a-f]{40}$/);
      }
    });
  }

  it('a schema that finds no mistake would be of no use', () => {
    expect(validateWorkflow(read('workflows/check.yml').replace('runs-on:', 'run-on:')).errors).to.not.deep.equal([]);
  });

  it('every push and every pull request runs .ci/run', () => {
    expect(workflow('check.yml').on).to.include.keys('push', 'pull_request');
    expect(steps('check.yml').map(({ run }) => run)).to.include('.ci/run');
  });

  it('a tag publishes with provenance, after .ci/run', () => {
    const { on, jobs } = workflow('publish.yml');
    expect(on).to.deep.equal({ push: { tags: ['v*'] } });
    expect(jobs.check?.uses).to.equal('./.github/workflows/check.yml');
    expect(jobs.publish).to.deep.include({ needs: 'check', permissions: { 'contents': 'read', 'id-token': 'write' } });
    expect(jobs.publish?.steps?.at(-1)?.run).to.equal('npm publish --provenance');
  });
});

describe('issue forms', () => {
  const form = (name: string): Form => parse(read(`ISSUE_TEMPLATE/${name}`)) as Form;

  for (const name of namesIn('ISSUE_TEMPLATE')) {
    it(`${name} is one that GitHub shows`, () => {
      const { name: title, description, body, ...rest } = form(name);
      for (const text of [title, description]) expect(text).to.be.a('string').and.not.equal('');
      expect(Object.keys(rest).filter((key) => !['title', 'labels', 'assignees'].includes(key))).to.deep.equal([]);
      const ids = body.flatMap(({ id }) => id ?? []);
      expect(new Set(ids).size).to.equal(ids.length);
      expect(body.some(({ type }) => type !== 'markdown')).to.equal(true);
      for (const { type, attributes, validations = {}, ...more } of body) {
        const { must, may } = FIELDS[type] ?? { must: 'a known type', may: [] };
        expect(attributes[must], `${type} ${must}`).to.be.a('string').and.not.equal('');
        expect([must, ...may]).to.include.members(Object.keys(attributes));
        expect(['required']).to.include.members(Object.keys(validations));
        expect(['id']).to.include.members(Object.keys(more));
        if (may.includes('options')) expect(attributes.options?.length, type).to.be.above(0);
      }
    });
  }

  it('a report of a problem asks for code, versions and kind of tenant, and warns of secrets', () => {
    const { body } = form('problem.yml');
    const required = body.filter(({ validations }) => validations?.required).map(({ id }) => id);
    expect(required).to.include.members(['code', 'versions', 'tenant']);
    expect(body[0]).to.have.property('type', 'markdown');
    expect(String(body[0]?.attributes.value)).to.match(/No secrets/).and.match(/请勿填写认证信息/);
  });

  it('a weakness is reported elsewhere', () => {
    const { contact_links: links } = parse(read('ISSUE_TEMPLATE/config.yml')) as { contact_links: { url: string }[] };
    expect(readFileSync(join(root, 'SECURITY.md'), 'utf8')).to.include(links[0]?.url);
  });
});
