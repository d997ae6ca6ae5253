/** Before a key: without it a text is found neither outside the dialog nor, as a status, within a subflow. */
export const CATALOGUE = '@ciam-flows/node-red-ciam/ciam:';
